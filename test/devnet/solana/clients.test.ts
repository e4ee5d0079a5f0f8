import {
  appendTransactionMessageInstruction,
  address as asAddress,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit'
import { Connection, PublicKey, SendTransactionError } from '@solana/web3.js'
import { getTransferCheckedInstruction } from '@solana-program/token'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromBase58 } from '../../../devnet/solana/bytes.ts'
import { type Keypair, type SolanaChain, startSolana } from '../../../devnet/solana/index.ts'
import { usdcTransfer } from './support.ts'

let chain: SolanaChain
beforeAll(async () => {
  chain = await startSolana()
})
afterAll(() => chain.stop())

const received = () => chain.balanceOf(chain.assets.USDC, chain.accounts.payee.address)

describe('@solana/web3.js 1.x', () => {
  test('sends a transferChecked, follows it, and is refused a duplicate', async () => {
    const connection = new Connection(chain.rpcUrl, 'confirmed')
    const { blockhash } = await connection.getLatestBlockhash()
    const transfer = await usdcTransfer(chain, { blockhash, amount: 21n })
    const before = await received()
    expect((await connection.simulateTransaction(transfer)).value.err).toBeNull()
    const signature = await connection.sendRawTransaction(transfer.serialize())
    const { value } = await connection.getSignatureStatus(signature)
    expect(value).toMatchObject({ err: null, confirmationStatus: 'confirmed' })
    const again = connection.sendRawTransaction(transfer.serialize())
    await expect(again).rejects.toThrow(SendTransactionError)
    await expect(again).rejects.toThrow('This transaction has already been processed')
    expect(await connection.sendRawTransaction(transfer.serialize(), { skipPreflight: true })).toBe(signature)
    expect((await received()) - before).toBe(21n)
  })

  test('accepts the form of every answer it checks', async () => {
    const connection = new Connection(chain.rpcUrl, 'confirmed')
    const { payer, feePayer } = chain.accounts
    const transfer = await usdcTransfer(chain, { amount: 22n })
    const signature = await connection.sendRawTransaction(transfer.serialize())
    const owner = new PublicKey(payer.address)
    const account = new PublicKey(await chain.tokenAccount(chain.assets.USDC, payer.address))
    const [history] = await connection.getSignaturesForAddress(account, { limit: 1 })
    expect(history).toMatchObject({ signature, err: null })
    const fetched = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(fetched?.meta?.postTokenBalances).toHaveLength(2)
    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(parsed?.transaction.message.instructions[0]).toMatchObject({ program: 'spl-token' })
    const mint = new PublicKey(chain.assets.USDC)
    expect((await connection.getParsedTokenAccountsByOwner(owner, { mint })).value).toHaveLength(1)
    expect((await connection.getTokenAccountBalance(account)).value.decimals).toBe(6)
    expect((await connection.getTokenSupply(mint)).value.decimals).toBe(6)
    expect((await connection.getParsedAccountInfo(mint)).value?.data).toMatchObject({ program: 'spl-token' })
    expect(await connection.getBalance(new PublicKey(feePayer.address))).toBeGreaterThan(0)
    expect(await connection.getFeeForMessage(transfer.compileMessage())).toMatchObject({ value: 10_000 })
    expect(await connection.getEpochInfo()).toMatchObject({ slotsInEpoch: 432_000 })
    expect(await connection.getRecentPrioritizationFees()).toHaveLength(150)
    expect(await connection.getMinimumBalanceForRentExemption(165)).toBe(2_039_280)
    expect(await connection.isBlockhashValid(transfer.recentBlockhash ?? '')).toMatchObject({ value: true })
    expect(await connection.getBlockTime(history?.slot ?? 0)).toBe(history?.blockTime)
    expect((await connection.getVersion())['solana-core']).toMatch(/^\d/)
    expect(await connection.getGenesisHash()).toMatch(/^EtWTRABZaYq6iMfeYKouRu166VU2xqa1/)
    expect(await connection.requestAirdrop(owner, 1_000_000)).toMatch(/^[1-9A-HJ-NP-Za-km-z]+$/)
  })
})

describe('@solana/kit', () => {
  const signerOf = ({ secretKey }: Keypair) => createKeyPairSignerFromBytes(fromBase58(secretKey))

  test('sends a transferChecked in a v0 transaction, follows it, and is refused a duplicate', async () => {
    const rpc = createSolanaRpc(chain.rpcUrl)
    const [payer, feePayer] = [await signerOf(chain.accounts.payer), await signerOf(chain.accounts.feePayer)]
    const { value: lifetime } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send()
    const accountOf = async ({ address }: Keypair) => asAddress(await chain.tokenAccount(chain.assets.USDC, address))
    const transfer = getTransferCheckedInstruction({
      source: await accountOf(chain.accounts.payer),
      mint: asAddress(chain.assets.USDC),
      destination: await accountOf(chain.accounts.payee),
      authority: payer,
      amount: 31n,
      decimals: 6,
    })
    const transaction = await pipe(
      createTransactionMessage({ version: 0 }),
      (message) => setTransactionMessageFeePayerSigner(feePayer, message),
      (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
      (message) => appendTransactionMessageInstruction(transfer, message),
      signTransactionMessageWithSigners,
    )
    const wire = getBase64EncodedWireTransaction(transaction)
    const before = await received()
    const { value: simulated } = await rpc
      .simulateTransaction(wire, { encoding: 'base64', sigVerify: true, innerInstructions: true })
      .send()
    expect(simulated).toMatchObject({ err: null, innerInstructions: [] })
    const signature = await rpc.sendTransaction(wire, { encoding: 'base64' }).send()
    expect(signature).toBe(getSignatureFromTransaction(transaction))
    const { value: statuses } = await rpc.getSignatureStatuses([signature]).send()
    expect(statuses[0]).toMatchObject({ err: null, confirmationStatus: 'confirmed' })
    const again = rpc.sendTransaction(wire, { encoding: 'base64' }).send()
    await expect(again).rejects.toMatchObject({ cause: { context: { __code: 7050007 } } })
    const silent = rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send()
    expect(await silent).toBe(signature)
    expect((await received()) - before).toBe(31n)
  })

  test('reads a v0 transaction only when it says that it can', async () => {
    const rpc = createSolanaRpc(chain.rpcUrl)
    const account = asAddress(await chain.tokenAccount(chain.assets.USDC, chain.accounts.payee.address))
    const [latest] = await rpc.getSignaturesForAddress(account, { limit: 1, commitment: 'confirmed' }).send()
    const signature = latest?.signature
    if (signature === undefined) throw new Error('no transaction was sent')
    await expect(rpc.getTransaction(signature, { commitment: 'confirmed', encoding: 'json' }).send()).rejects.toThrow()
    const fetched = await rpc
      .getTransaction(signature, { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 })
      .send()
    // Kit types the version as 0 and gives 0n.
    expect(Number(fetched?.version)).toBe(0)
    expect(fetched?.meta).toMatchObject({ err: null, fee: 10_000n })
  })
})
