import { readFileSync } from 'node:fs'
import { PERMIT2_ADDRESS } from '@x402/evm'
import { getCreate2Address, keccak256 } from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile, serialize } from '../../contracts/build.ts'
import { ARTIFACT_NAMES, type Artifact, artifact, artifactFile } from '../../contracts/index.ts'

const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const COMPILE_TIMEOUT = 180_000

describe('the checked-in artifacts', () => {
  let built: Artifact[]

  beforeAll(() => {
    built = compile()
  }, COMPILE_TIMEOUT)

  test('are complete, and there are no others', () => {
    expect(built.map(({ contractName }) => contractName)).toEqual([...ARTIFACT_NAMES])
  })

  test.each(ARTIFACT_NAMES)('%s is what its sources compile to, byte for byte', (name) => {
    const fresh = built.find(({ contractName }) => contractName === name)
    expect(fresh && serialize(fresh)).toBe(readFileSync(artifactFile(name), 'utf8'))
  })

  test.each(ARTIFACT_NAMES)('%s names no path and fits a chain', (name) => {
    expect(readFileSync(artifactFile(name), 'utf8')).not.toMatch(/\/home\/|\/work\/|node_modules|file:/)
    // EIP-170: 24,576 bytes of code.
    expect((artifact(name).runtime.length - 2) / 2).toBeLessThanOrEqual(24_576)
  })
})

test('Permit2 comes to stand at its address on every chain', () => {
  const { address, salt, bytecode } = artifact('Permit2')
  const bytecodeHash = keccak256(bytecode)
  expect(getCreate2Address({ from: CREATE2_DEPLOYER, salt, bytecodeHash })).toBe(PERMIT2_ADDRESS)
  expect(address).toBe(PERMIT2_ADDRESS)
})
