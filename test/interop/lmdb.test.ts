import { describe } from 'vitest'
import { purchases } from './purchases.ts'

describe('published clients buy through a gateway with the embedded store', () => {
  purchases('LMDB', () => undefined)
})
