import type { Flight, Lanes } from '../../ports/lanes.ts'
import type { Log } from '../../ports/log.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import { StoreUnavailable } from '../../ports/store.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { sendAgain } from './broadcast.ts'
import { type HeadReader, raised } from './fees.ts'
import { type Call, type Fees, filler, type Relayer, readTransaction } from './relayer.ts'

export interface LaneKeeperOptions {
  readonly rpc: Rpc
  readonly lanes: Lanes
  readonly relayers: readonly KeptRelayer[]
  readonly readHead: HeadReader
  /** How long a transaction may be unmined before it is sent again; twice as long, and it is replaced. */
  readonly stuckMs: number
  readonly maxFeeWei: bigint | undefined
  readonly log: Log
}

export interface KeptRelayer {
  readonly relayer: Relayer
  readonly count: () => Promise<number>
  /** Told each count, so that this process's own queue goes by it. */
  readonly onCount?: (count: number) => void
}

/**
 * Keeps the lanes moving: whatever an instance left behind is sent again, filled or replaced, never with another meaning.
 *
 * Any number of keepers may run at once: bytes are written over those that were seen and no others, and before they are sent.
 */
export interface LaneKeeper {
  /** One pass over every relayer. A node or a store that is away leaves the work to the next pass. */
  run(): Promise<void>
  close(): Promise<void>
}

/** Since when a flight has stood as it is, by our own clock: the store's may differ. */
interface Sighting {
  readonly since: number
  readonly raw: string | undefined
  readonly at: number
}

interface Watch {
  count: number
  /** The largest count seen: nonces below it were used up, and after a reorg the node mines their transactions anew. */
  most: number
  /** The node said less than before, once: it may only be behind. */
  doubted: boolean
  sightings: ReadonlyMap<number, Sighting>
}

export function openLaneKeeper(options: LaneKeeperOptions): LaneKeeper {
  const { relayers, lanes, log } = options
  const watches = new Map(
    relayers.map((kept) => [kept, { count: 0, most: 0, doubted: false, sightings: new Map() } as Watch] as const),
  )
  let running: Promise<void> | undefined
  let closed = false

  const pass = async (kept: KeptRelayer, watch: Watch): Promise<void> => {
    const { relayer, count: readCount, onCount } = kept
    const count = await readCount()
    const doubtful = count < watch.count && !watch.doubted
    watch.doubted = doubtful
    if (doubtful) return
    watch.count = count
    watch.most = Math.max(watch.most, count)
    onCount?.(count)
    const flights = await lanes.flights(relayer.id, count)
    watch.sightings = new Map(flights.map((flight) => [flight.nonce, sight(flight, watch.sightings.get(flight.nonce))]))
    for (const flight of flights) {
      if (closed) return
      const { at } = watch.sightings.get(flight.nonce) as Sighting
      // A gap that nobody has taken nobody else will fill; what lies below `most` the node may still mine anew.
      const isGap = flight.since === 0 && flight.nonce >= watch.most
      await tend(options, relayer, flight, isGap ? Infinity : performance.now() - at, flight.nonce === count)
    }
  }

  return {
    run() {
      running ??= Promise.all(
        [...watches].map(async ([kept, watch]) => {
          try {
            if (!closed) await pass(kept, watch)
          } catch (error) {
            if (!isAbsence(error)) throw error
            log.warn({ relayer: kept.relayer.address, err: error }, 'lane not kept')
          }
        }),
      )
        .then(() => undefined)
        .finally(() => {
          running = undefined
        })
      return running
    },
    async close() {
      closed = true
      await running
    },
  }
}

const isAbsence = (error: unknown): boolean =>
  error instanceof ChainUnavailable || error instanceof RpcError || error instanceof StoreUnavailable

function sight({ since, raw }: Flight, before: Sighting | undefined): Sighting {
  return before?.since === since && before.raw === raw ? before : { since, raw, at: performance.now() }
}

/** @param next nothing below it is missing: it alone keeps the lane from moving */
async function tend(
  options: LaneKeeperOptions,
  relayer: Relayer,
  flight: Flight,
  age: number,
  next: boolean,
): Promise<void> {
  const { rpc, readHead, stuckMs } = options
  const { nonce, raw } = flight
  if (age < stuckMs) return
  if (raw === undefined) {
    const { fees } = await readHead()
    await put(options, relayer, nonce, filler(relayer), fees, undefined, 'gap filled')
    return
  }
  await sendAgain(rpc, raw)
  const { fees, baseFee } = await readHead()
  const written = readTransaction(raw)
  if (!written || !(written.fees.maxFeePerGas < baseFee || (next && age >= 2 * stuckMs))) return
  const higher = raised(written.fees, fees, options.maxFeeWei)
  if (higher) await put(options, relayer, nonce, written.call, higher, raw, 'transaction replaced')
}

/** Writes a transaction down in the place of what was seen there, then sends it. */
async function put(
  { rpc, lanes, log }: LaneKeeperOptions,
  relayer: Relayer,
  nonce: number,
  call: Call,
  fees: Fees,
  over: string | undefined,
  event: string,
): Promise<void> {
  const { raw, hash } = relayer.sign(nonce, call, fees)
  if (!(await lanes.write(relayer.id, nonce, raw, over))) return
  log.warn({ relayer: relayer.address, nonce, transaction: hash }, event)
  await sendAgain(rpc, raw)
}
