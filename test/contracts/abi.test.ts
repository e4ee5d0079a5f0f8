import { eip3009ABI, erc20AllowanceAbi, x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from '@x402/evm'
import type { Abi, AbiEvent, AbiParameter } from 'viem'
import { describe, expect, test } from 'vitest'
import { type ArtifactName, artifact } from '../../contracts/index.ts'

const NAMED: { contract: ArtifactName; source: string; abi: Abi }[] = [
  { contract: 'X402ExactPermit2Proxy', source: 'x402ExactPermit2ProxyABI', abi: x402ExactPermit2ProxyABI },
  { contract: 'X402UptoPermit2Proxy', source: 'x402UptoPermit2ProxyABI', abi: x402UptoPermit2ProxyABI },
  { contract: 'FiatTokenLike', source: 'eip3009ABI', abi: eip3009ABI },
  { contract: 'FiatTokenLike', source: 'erc20AllowanceAbi', abi: erc20AllowanceAbi as Abi },
  { contract: 'Tmai', source: 'erc20AllowanceAbi', abi: erc20AllowanceAbi as Abi },
]

describe.each(NAMED)("$contract has what @x402/evm's $source names", ({ contract, abi }) => {
  const ours = artifact(contract).abi.map(signature)
  test.each(abi.map(signature))('%s', (named) => {
    expect(ours).toContain(named)
  })
})

test.each(NAMED.slice(0, 2))('$contract has nothing else', ({ contract, abi }) => {
  const ours = artifact(contract).abi.map(signature)
  expect(ours.toSorted()).toEqual(abi.map(signature).toSorted())
})

test('FiatTokenLike has both overloads of every signed call', () => {
  const names = artifact('FiatTokenLike').abi.map((item) => ('name' in item ? item.name : item.type))
  for (const name of ['permit', 'transferWithAuthorization', 'receiveWithAuthorization', 'cancelAuthorization']) {
    expect(names.filter((each) => each === name)).toHaveLength(2)
  }
})

/** All that a caller relies on: kind, name, types, names of parameters (viem's objects have them), and whether it writes. */
function signature(item: Abi[number]): string {
  if (item.type !== 'function' && item.type !== 'event' && item.type !== 'error') return item.type
  const head = `${item.type} ${item.name}(${item.inputs.map((each) => parameter(each)).join(', ')})`
  if (item.type !== 'function') return head
  const reads = item.stateMutability === 'view' || item.stateMutability === 'pure'
  return `${head} ${reads ? 'reads' : item.stateMutability}: (${item.outputs.map(({ type }) => type).join(', ')})`
}

function parameter(each: AbiParameter | AbiEvent['inputs'][number]): string {
  const type =
    'components' in each ? each.type.replace('tuple', `(${each.components.map(parameter).join(', ')})`) : each.type
  return `${type}${'indexed' in each && each.indexed ? ' indexed' : ''} ${each.name}`
}
