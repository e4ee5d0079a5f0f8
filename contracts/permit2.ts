import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Address, getCreate2Address, type Hex, keccak256 } from 'viem'
import type { Permit2Artifact } from './index.ts'
import { compiler, type Sources } from './solc.ts'

/** The deterministic deployer that anvil and every public chain carry. */
const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

/** The salt Uniswap mined for the zeros of Permit2's address. */
const SALT: Hex = '0x0000000000000000000000000000000000000000d3af2663da51c10215000000'

const ENTRY = 'src/Permit2.sol'
const IMPORT = /^import\s+(?:[^'"]*from\s+)?["']([^"']+)["']/gm

/** Compiles Permit2 from Uniswap's sources with Uniswap's settings, which gives the code of the public chains bit for bit. */
export function compilePermit2(): Permit2Artifact {
  const permit2 = compiler({
    solc: 'solc-0.8.17',
    sources: permit2Sources(),
    remappings: ['solmate/=lib/solmate/'],
    settings: { evmVersion: 'london', optimizerRuns: 1_000_000, viaIR: true },
    appendVersion: true,
  })(ENTRY, 'Permit2')

  return {
    contractName: 'Permit2',
    abi: permit2.abi,
    bytecode: permit2.bytecode,
    runtime: permit2.runtime,
    compiler: permit2.compiler,
    salt: SALT,
    address: getCreate2Address({ from: CREATE2_DEPLOYER, salt: SALT, bytecodeHash: keccak256(permit2.bytecode) }),
  }
}

/** Reads the entry and whatever it imports, by paths relative to Permit2's own root. */
function permit2Sources(): Sources {
  const root = new URL('lib/permit2/', packageRoot('@uniswap/v4-periphery'))
  const sources: Sources = {}
  const pending = [ENTRY]
  for (const path of pending) {
    if (sources[path]) continue
    const content = readFileSync(new URL(path, root), 'utf8')
    sources[path] = { content }
    for (const [, imported = ''] of content.matchAll(IMPORT)) pending.push(resolveImport(path, imported))
  }
  return sources
}

function resolveImport(from: string, imported: string): string {
  if (imported.startsWith('.')) return posix.join(posix.dirname(from), imported)
  return imported.replace(/^solmate\//, 'lib/solmate/')
}

function packageRoot(name: string): URL {
  const require = createRequire(import.meta.url)
  return new URL('./', pathToFileURL(require.resolve(`${name}/package.json`)))
}
