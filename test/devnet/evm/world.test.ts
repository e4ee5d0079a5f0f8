import { createWalletClient, encodeAbiParameters, http, keccak256, parseSignature, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artifact } from '../../../contracts/index.ts'
import { type EvmChain, startEvm } from '../../../devnet/evm/index.ts'

const USDC = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const fiatToken = artifact('FiatTokenLike')
let chain: EvmChain

beforeAll(async () => {
  chain = await startEvm()
})
afterAll(() => chain.stop())

const codeAt = (address: `0x${string}`) => chain.publicClient.getCode({ address })

describe('the genesis', () => {
  test('is Base Sepolia by its chain id and its contracts', async () => {
    expect(chain.network).toBe('eip155:84532')
    expect(await chain.publicClient.getChainId()).toBe(84532)
    expect(chain.assets.USDC).toBe(USDC)
    expect(await codeAt(USDC)).toBe(fiatToken.runtime)
    expect(await codeAt(chain.assets.TMAI)).toBe(artifact('Tmai').runtime)
    expect(await codeAt('0x402085c248EeA27D92E8b30b2C58ed07f9E20001')).toBe(artifact('X402ExactPermit2Proxy').runtime)
    expect(await codeAt('0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002')).toBe(artifact('X402UptoPermit2Proxy').runtime)
  })

  test('has Permit2 as deployed on every real chain', async () => {
    const permit2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
    expect(artifact('Permit2').address).toBe(permit2)
    const separator = await chain.publicClient.readContract({
      address: permit2,
      abi: artifact('Permit2').abi,
      functionName: 'DOMAIN_SEPARATOR',
    })
    const expected = encodeAbiParameters(
      [{ type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }],
      [
        keccak256(toHex('EIP712Domain(string name,uint256 chainId,address verifyingContract)')),
        keccak256(toHex('Permit2')),
        84532n,
        permit2,
      ],
    )
    expect(separator).toBe(keccak256(expected))
  })

  test('gives the payer both tokens, and everybody ETH', async () => {
    const { payer, payee, relayer } = chain.accounts
    expect(await chain.balanceOf(USDC, payer.address)).toBe(1_000_000_000_000n)
    expect(await chain.balanceOf(chain.assets.TMAI, payer.address)).toBe(10n ** 24n)
    expect(await chain.balanceOf(USDC, payee.address)).toBe(0n)
    expect(await chain.publicClient.getBalance({ address: relayer.address })).toBe(10_000n * 10n ** 18n)
  })

  test('answers several reads at once through Multicall3', async () => {
    const read = (address: `0x${string}`) => ({ address, abi: fiatToken.abi, functionName: 'decimals' }) as const
    const contracts = [read(USDC), read(chain.assets.TMAI)]
    expect(await chain.publicClient.multicall({ contracts, allowFailure: false })).toEqual([6, 18])
  })

  test('is the same on every run, whatever else runs', async () => {
    const second = await startEvm({ chainId: 8453 })
    expect(second.assets).toEqual({ USDC: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', TMAI: chain.assets.TMAI })
    expect(second.accounts).toEqual(chain.accounts)
    const name = { address: second.assets.USDC, abi: fiatToken.abi, functionName: 'name' } as const
    expect(await second.publicClient.readContract(name)).toBe('USD Coin')
    await second.stop()
  })

  test('is refused for a chain without USDC', async () => {
    await expect(startEvm({ chainId: 1 })).rejects.toThrow('no USDC is known on chain 1')
  })
})

describe('USDC', () => {
  const authorizationTypes = {
    TransferWithAuthorization: [
      { name: 'from', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validBefore', type: 'uint256' },
      { name: 'nonce', type: 'bytes32' },
    ],
  } as const

  test('moves by an authorization that viem signed and a relayer sent, once', async () => {
    const payer = privateKeyToAccount(chain.accounts.payer.privateKey)
    const relayer = createWalletClient({
      account: privateKeyToAccount(chain.accounts.relayer.privateKey),
      chain: baseSepolia,
      transport: http(chain.rpcUrl),
    })
    const authorization = {
      from: payer.address,
      to: chain.accounts.payee.address,
      value: 17_000n,
      validAfter: 0n,
      validBefore: BigInt(Math.floor(Date.now() / 1000) + 60),
      nonce: keccak256(toHex('first')),
    }
    const signature = await payer.signTypedData({
      domain: { name: 'USDC', version: '2', chainId: 84532, verifyingContract: USDC },
      types: authorizationTypes,
      primaryType: 'TransferWithAuthorization',
      message: authorization,
    })
    const { r, s, v } = parseSignature(signature)
    const call = {
      address: USDC,
      abi: fiatToken.abi,
      functionName: 'transferWithAuthorization',
      args: [...Object.values(authorization), Number(v), r, s],
    } as const
    const hash = await relayer.writeContract(call)
    expect((await chain.publicClient.waitForTransactionReceipt({ hash })).status).toBe('success')
    expect(await chain.balanceOf(USDC, chain.accounts.payee.address)).toBe(17_000n)
    await expect(relayer.writeContract(call)).rejects.toThrow('authorization is used or canceled')
  })

  test('and all else can be had in any amount, without a transaction', async () => {
    const owner = chain.accounts.stranger.address
    const [block, eth] = [await chain.publicClient.getBlockNumber({ cacheTime: 0 }), 10_000n * 10n ** 18n]
    await chain.fund(owner, { usdc: 5n, tmai: 7n, eth: 1n })
    await chain.fund(owner, { usdc: 5n })
    expect(await chain.balanceOf(USDC, owner)).toBe(10n)
    expect(await chain.balanceOf(chain.assets.TMAI, owner)).toBe(7n)
    expect(await chain.publicClient.getBalance({ address: owner })).toBe(eth + 1n)
    expect(await chain.publicClient.getBlockNumber({ cacheTime: 0 })).toBe(block)
  })
})
