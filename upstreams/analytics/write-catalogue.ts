/** Writes catalogue.json beside this file: `node --import tsx upstreams/analytics/write-catalogue.ts`. */
import { writeFileSync } from 'node:fs'
import { catalogue } from './catalogue.ts'

writeFileSync(new URL('catalogue.json', import.meta.url), `${JSON.stringify(catalogue(), null, 2)}\n`)
