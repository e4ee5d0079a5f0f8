import { createRequire } from 'node:module'
import type { Abi, Hex } from 'viem'
import type { Compiler } from './index.ts'

/** npm packages that hold a compiler: ours, and the one that Uniswap built Permit2 with. */
export type SolcPackage = 'solc' | 'solc-0.8.17'

/** Solidity sources by the path under which they import one another. */
export type Sources = Record<string, { content: string }>

export interface Job {
  solc: SolcPackage
  sources: Sources
  remappings?: string[]
  settings: Omit<Compiler, 'version'>
  /** False drops the metadata's last trace, the compiler's version, from the code. */
  appendVersion: boolean
}

/** One contract as the compiler gives it. */
export interface Compiled {
  abi: Abi
  bytecode: Hex
  runtime: Hex
  /** Whether the constructor writes values into the runtime code. */
  immutables: boolean
  compiler: Compiler
}

interface Solc {
  version(): string
  compile(input: string): string
}

interface Output {
  errors?: { severity: string; formattedMessage: string }[]
  contracts?: Record<string, Record<string, OutputContract>>
}

interface OutputContract {
  abi: Abi
  evm: {
    bytecode: { object: string }
    deployedBytecode: { object: string; immutableReferences?: Record<string, unknown> }
  }
}

const require = createRequire(import.meta.url)

/**
 * Compiles in-process and answers the contract called `name` in the file `path`.
 *
 * The code carries no hash of its metadata, so that neither comments nor paths change a byte.
 *
 * @throws with the compiler's own words when it reports an error or a warning.
 */
export function compiler(job: Job): (path: string, name: string) => Compiled {
  const solc: Solc = require(job.solc)
  const output: Output = JSON.parse(solc.compile(JSON.stringify(standardInput(job))))
  const complaints = (output.errors ?? []).filter(({ severity }) => severity !== 'info')
  if (complaints.length > 0) throw new Error(complaints.map((each) => each.formattedMessage).join('\n'))

  return (path, name) => {
    const contract = output.contracts?.[path]?.[name]
    if (!contract) throw new Error(`${path} has no contract ${name}`)
    const { bytecode, deployedBytecode } = contract.evm
    return {
      abi: contract.abi,
      bytecode: `0x${bytecode.object}`,
      runtime: `0x${deployedBytecode.object}`,
      immutables: Object.keys(deployedBytecode.immutableReferences ?? {}).length > 0,
      compiler: { version: solc.version().replace('.Emscripten.clang', ''), ...job.settings },
    }
  }
}

function standardInput({ sources, remappings = [], settings, appendVersion }: Job) {
  const { evmVersion, optimizerRuns, viaIR } = settings
  return {
    language: 'Solidity',
    sources,
    settings: {
      remappings,
      optimizer: { enabled: true, runs: optimizerRuns },
      viaIR,
      evmVersion,
      // `appendCBOR` came with 0.8.18: an older compiler refuses to hear of it.
      metadata: { bytecodeHash: 'none', ...(appendVersion ? {} : { appendCBOR: false }) },
      outputSelection: {
        '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode'] },
      },
    },
  }
}
