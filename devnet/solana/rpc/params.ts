import { isAddress, isSignature } from '@solana/kit'
import type { Block, Commitment } from '../blocks.ts'
import type { Chain } from '../chain.ts'
import { invalidParams, RpcError } from './rpc-error.ts'

/** A call's arguments, read by position; every refusal is a -32602 in a node's words. */
export class Params {
  readonly #values: readonly unknown[]

  constructor(values: unknown) {
    if (values !== undefined && !Array.isArray(values)) throw invalidParams('`params` should be an array')
    this.#values = values ?? []
  }

  string(index: number): string {
    return asString(this.#required(index))
  }

  address(index: number): string {
    return asAddress(this.string(index))
  }

  addresses(index: number): string[] {
    return this.#strings(index, 100).map(asAddress)
  }

  signature(index: number): string {
    return asSignature(this.string(index))
  }

  signatures(index: number): string[] {
    return this.#strings(index, 256).map(asSignature)
  }

  /** A whole number from 0 on. */
  count(index: number): number {
    return asCount(this.#required(index))
  }

  object(index: number): Config {
    return new Config(this.#required(index))
  }

  config(index: number): Config {
    return new Config(this.#values[index] ?? {})
  }

  #required(index: number): unknown {
    const value = this.#values[index]
    if (value === undefined) throw invalidParams(`\`params\` should have at least ${index + 1} argument(s)`)
    return value
  }

  #strings(index: number, max: number): string[] {
    const values = this.#required(index)
    if (!Array.isArray(values)) throw invalidParams('Invalid params: invalid type, expected a sequence.')
    if (values.length > max) throw invalidParams(`Too many inputs provided; max ${max}`)
    return values.map(asString)
  }
}

/** The object of options most calls take last. */
export class Config {
  readonly #options: Readonly<Record<string, unknown>>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidParams('Invalid params: invalid type, expected a map.')
    }
    this.#options = value as Record<string, unknown>
  }

  flag(name: string): boolean {
    const value = this.#options[name] ?? false
    if (typeof value !== 'boolean') throw invalidParams(`Invalid params: invalid type for ${name}, expected a boolean.`)
    return value
  }

  count(name: string): number | undefined {
    const value = this.#options[name] ?? undefined
    return value === undefined ? undefined : asCount(value)
  }

  string(name: string): string | undefined {
    const value = this.#options[name] ?? undefined
    return value === undefined ? undefined : asString(value)
  }

  signature(name: string): string | undefined {
    const value = this.string(name)
    return value === undefined ? undefined : asSignature(value)
  }

  address(name: string): string | undefined {
    const value = this.string(name)
    return value === undefined ? undefined : asAddress(value)
  }

  addresses(name: string): string[] {
    const value = this.#options[name] ?? []
    if (!Array.isArray(value)) throw invalidParams('Invalid params: invalid type, expected a sequence.')
    return value.map((item) => asAddress(asString(item)))
  }

  object(name: string): Config | undefined {
    const value = this.#options[name] ?? undefined
    return value === undefined ? undefined : new Config(value)
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.string(name)
    const known = allowed.find((item) => item === value)
    if (value !== undefined && known === undefined) {
      throw invalidParams(`Invalid params: unknown variant \`${value}\`, expected one of ${allowed.join(', ')}.`)
    }
    return known
  }

  commitment(name = 'commitment'): Commitment {
    return this.oneOf(name, ['processed', 'confirmed', 'finalized']) ?? 'finalized'
  }
}

/** The block a call is answered from. */
export function blockFor(chain: Chain, config: Config, commitment = config.commitment()): Block {
  const block = chain.blocks.at(commitment)
  const minimum = config.count('minContextSlot')
  if (minimum !== undefined && block.slot < minimum) {
    const data = { contextSlot: block.slot }
    throw new RpcError('minContextSlotNotReached', 'Minimum context slot has not been reached', data)
  }
  return block
}

export const withContext = <T>({ slot }: Block, value: T) => ({ context: { apiVersion: API_VERSION, slot }, value })

export const API_VERSION = '3.0.0'

function asString(value: unknown): string {
  if (typeof value !== 'string')
    throw invalidParams(`Invalid params: invalid type: ${typeof value}, expected a string.`)
  return value
}

function asAddress(value: string): string {
  if (!isAddress(value))
    throw invalidParams(`Invalid param: ${/^[1-9A-HJ-NP-Za-km-z]*$/.test(value) ? 'WrongSize' : 'Invalid'}`)
  return value
}

function asSignature(value: string): string {
  if (!isSignature(value))
    throw invalidParams(`Invalid param: ${/^[1-9A-HJ-NP-Za-km-z]*$/.test(value) ? 'WrongSize' : 'Invalid'}`)
  return value
}

function asCount(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidParams('Invalid params: invalid type, expected u64.')
  }
  return value
}

/** JSON-RPC methods by name. */
export type Methods = Record<string, (params: Params) => unknown>
