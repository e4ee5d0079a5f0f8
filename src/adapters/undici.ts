// Whichever undici comes first becomes the dispatcher of the whole process: Node's own fetch would be made to use ours, and
// fails with it where a caller sets Content-Length. So Node's is asked for first; ours is used through pools alone.
import './own-fetch.ts'

export { Pool } from 'undici'
