import {
  authorizationTypes,
  eip3009ABI,
  PERMIT2_ADDRESS,
  permit2WitnessTypes,
  uptoPermit2WitnessTypes,
  x402ExactPermit2ProxyABI,
  x402ExactPermit2ProxyAddress,
  x402UptoPermit2ProxyABI,
  x402UptoPermit2ProxyAddress,
} from '@x402/evm'
import { type Address, concat, maxUint256, parseAbi, zeroHash } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artifact } from '../../contracts/index.ts'
import { minter, payee, payer, relayer, startChain } from './support/chain.ts'

const BASE = 8453
const USDC: Address = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913'
const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const ERC20 = parseAbi([
  'function approve(address spender, uint256 value) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
  'function mint(address to, uint256 amount) returns (bool)',
])

describe('on a local chain, the contracts placed where the public ones are', () => {
  let chain: Awaited<ReturnType<typeof startChain>>

  beforeAll(async () => {
    chain = await startChain(BASE)
    const { client, mined } = chain
    await client.setCode({ address: USDC, bytecode: artifact('FiatTokenLike').runtime })
    const { salt, bytecode, address } = artifact('Permit2')
    await mined(client.sendTransaction({ account: minter, to: CREATE2_DEPLOYER, data: concat([salt, bytecode]) }))
    expect(await client.getCode({ address })).toBeDefined()
    for (const [proxy, name] of [
      [x402ExactPermit2ProxyAddress, 'X402ExactPermit2Proxy'],
      [x402UptoPermit2ProxyAddress, 'X402UptoPermit2Proxy'],
    ] as const) {
      await client.setCode({ address: proxy, bytecode: artifact(name).runtime })
    }
    const usdc = { address: USDC, abi: ERC20 } as const
    const minted = { ...usdc, functionName: 'mint', args: [payer.address, 1_000_000n] } as const
    await mined(client.writeContract({ ...minted, account: minter }))
    const approved = { ...usdc, functionName: 'approve', args: [PERMIT2_ADDRESS, maxUint256] } as const
    await mined(client.writeContract({ ...approved, account: payer }))
  })

  afterAll(() => chain?.stop())

  /** What the payee gains while `pay` runs, in atomic units. */
  async function gained(pay: () => Promise<unknown>): Promise<bigint> {
    const balance = () =>
      chain.client.readContract({ address: USDC, abi: ERC20, functionName: 'balanceOf', args: [payee.address] })
    const before = await balance()
    await pay()
    return (await balance()) - before
  }

  test('settle an EIP-3009 authorization that @x402/evm types', async () => {
    const message = {
      from: payer.address,
      to: payee.address,
      value: 1_000n,
      validAfter: 0n,
      validBefore: maxUint256,
      nonce: zeroHash,
    }
    const signature = await payer.signTypedData({
      domain: { name: 'USD Coin', version: '2', chainId: BASE, verifyingContract: USDC },
      types: authorizationTypes,
      primaryType: 'TransferWithAuthorization',
      message,
    })
    const { from, to, value, validAfter, validBefore, nonce } = message
    const call = { address: USDC, abi: eip3009ABI, functionName: 'transferWithAuthorization' } as const
    const args = [from, to, value, validAfter, validBefore, nonce, signature] as const

    expect(await gained(() => chain.mined(chain.client.writeContract({ ...call, args, account: relayer })))).toBe(
      1_000n,
    )
    await expect(chain.client.simulateContract({ ...call, args, account: relayer })).rejects.toThrow(
      'authorization is used or canceled',
    )
  })

  test('settle an exact payment that @x402/evm types', async () => {
    const permit = { permitted: { token: USDC, amount: 2_000n }, nonce: 1n, deadline: maxUint256 }
    const witness = { to: payee.address, validAfter: 0n }
    const signature = await payer.signTypedData({
      domain: { name: 'Permit2', chainId: BASE, verifyingContract: PERMIT2_ADDRESS },
      types: permit2WitnessTypes,
      primaryType: 'PermitWitnessTransferFrom',
      message: { ...permit, spender: x402ExactPermit2ProxyAddress, witness },
    })
    const call = {
      address: x402ExactPermit2ProxyAddress,
      abi: x402ExactPermit2ProxyABI,
      functionName: 'settle',
      args: [permit, payer.address, witness, signature],
      account: relayer,
    } as const

    expect(await gained(() => chain.mined(chain.client.writeContract(call)))).toBe(2_000n)
  })

  test('settle part of an upto payment that @x402/evm types, for its facilitator alone', async () => {
    const permit = { permitted: { token: USDC, amount: 9_000n }, nonce: 2n, deadline: maxUint256 }
    const witness = { to: payee.address, facilitator: relayer.address, validAfter: 0n }
    const signature = await payer.signTypedData({
      domain: { name: 'Permit2', chainId: BASE, verifyingContract: PERMIT2_ADDRESS },
      types: uptoPermit2WitnessTypes,
      primaryType: 'PermitWitnessTransferFrom',
      message: { ...permit, spender: x402UptoPermit2ProxyAddress, witness },
    })
    const call = {
      address: x402UptoPermit2ProxyAddress,
      abi: x402UptoPermit2ProxyABI,
      functionName: 'settle',
      args: [permit, 3_000n, payer.address, witness, signature],
    } as const

    await expect(chain.client.simulateContract({ ...call, account: minter })).rejects.toThrow('UnauthorizedFacilitator')
    expect(await gained(() => chain.mined(chain.client.writeContract({ ...call, account: relayer })))).toBe(3_000n)
  })
})
