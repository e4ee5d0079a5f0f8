import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Artifact, type ArtifactName, artifactFile } from './index.ts'
import { compilePermit2 } from './permit2.ts'
import { type Compiled, compiler, type Sources } from './solc.ts'

const SOURCES = new URL('./src/', import.meta.url)
const OWN = ['FiatTokenLike', 'Tmai', 'X402ExactPermit2Proxy', 'X402UptoPermit2Proxy'] as const satisfies ArtifactName[]

/** Compiles every contract and answers the artifacts, without writing any. */
export function compile(): Artifact[] {
  return [...compileOwn(), compilePermit2()]
}

/**
 * Compiles the contracts of `contracts/src`.
 *
 * @throws when one holds immutables, since its runtime code could then not be placed with `anvil_setCode`.
 */
export function compileOwn(): Artifact[] {
  const contract = compiler({
    solc: 'solc',
    sources: ownSources(),
    // Transient storage (EIP-1153) needs cancun, which Base has had since March 2024.
    settings: { evmVersion: 'cancun', optimizerRuns: 10_000, viaIR: true },
    appendVersion: false,
  })
  return OWN.map((contractName) => own(contractName, contract(`${contractName}.sol`, contractName)))
}

/** An artifact as it is checked in: two builds of the same sources give the same bytes. */
export function serialize(artifact: Artifact): string {
  return `${JSON.stringify(artifact, null, 2)}\n`
}

function own(contractName: ArtifactName, compiled: Compiled): Artifact {
  if (compiled.immutables) throw new Error(`${contractName} holds immutables: its runtime code cannot be placed`)
  const { abi, bytecode, runtime, compiler } = compiled
  return { contractName, abi, bytecode, runtime, compiler }
}

function ownSources(): Sources {
  const paths = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.sol'))
  const read = (path: string) => ({ content: readFileSync(new URL(path, SOURCES), 'utf8') })
  return Object.fromEntries(paths.sort().map((path) => [path, read(path)]))
}

function main() {
  mkdirSync(new URL('./', artifactFile('Permit2')), { recursive: true })
  for (const artifact of compile()) {
    writeFileSync(artifactFile(artifact.contractName), serialize(artifact))
    process.stdout.write(`${artifact.contractName}: ${(artifact.runtime.length - 2) / 2} bytes of code\n`)
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main()
