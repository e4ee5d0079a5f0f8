import { readFileSync } from 'node:fs'
import type { Abi, Address, Hex } from 'viem'

/** Every contract of the local chains, in the order in which they are built. */
export const ARTIFACT_NAMES = [
  'FiatTokenLike',
  'Tmai',
  'X402ExactPermit2Proxy',
  'X402UptoPermit2Proxy',
  'Permit2',
] as const

export type ArtifactName = (typeof ARTIFACT_NAMES)[number]

/** The compiler and the settings that turn our sources, or Uniswap's, into exactly these bytes. */
export interface Compiler {
  version: string
  evmVersion: string
  optimizerRuns: number
  viaIR: boolean
}

/** A compiled contract, as checked in under `contracts/artifacts`. */
export interface Artifact {
  contractName: ArtifactName
  abi: Abi
  /** Creation code without constructor arguments. */
  bytecode: Hex
  /** Code at rest. Permit2's holds immutables, blank here, so Permit2 has to be deployed; all others can be placed. */
  runtime: Hex
  compiler: Compiler
}

/** Permit2, which the CREATE2 deployer puts at `address` when it is given `salt ‖ bytecode` (EIP-1014). */
export interface Permit2Artifact extends Artifact {
  contractName: 'Permit2'
  salt: Hex
  address: Address
}

export type ArtifactOf<Name extends ArtifactName> = Name extends 'Permit2' ? Permit2Artifact : Artifact

/**
 * Reads a compiled contract from `contracts/artifacts`.
 *
 * @throws when the file is missing: `npm run build:contracts` writes it.
 */
export function artifact<Name extends ArtifactName>(name: Name): ArtifactOf<Name> {
  return JSON.parse(readFileSync(artifactFile(name), 'utf8'))
}

/** Where the artifact of that name is kept. */
export function artifactFile(name: ArtifactName): URL {
  return new URL(`./artifacts/${name}.json`, import.meta.url)
}
