import { existsSync, readFileSync } from 'node:fs'
import { pino } from 'pino'
import { openLmdb } from './adapters/store/lmdb/index.ts'
import { openRedis } from './adapters/store/redis/index.ts'
import type { Log } from './ports/log.ts'
import { type Store, StoreUnavailable } from './ports/store.ts'
import { parsePricing } from './pricing/load.ts'
import type { Pricing } from './pricing/schema.ts'
import type { SecretSource } from './pricing/secrets.ts'

/** What the process reads from its environment. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly pricingFile: string
  readonly redisUrl: string | undefined
  readonly storeDir: string
  readonly logLevel: string
  readonly publicUrl: string | undefined
}

/** A setting that cannot be used; its message names the variable and what it may be. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/**
 * An empty variable counts as unset, as compose files leave them.
 *
 * @throws BadSetting
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = env['PORT'] || '4020'
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new BadSetting(`PORT is "${port}": it must be a number from 0 to 65535`)
  const logLevel = env['LOG_LEVEL'] || 'info'
  if (!LOG_LEVELS.includes(logLevel))
    throw new BadSetting(`LOG_LEVEL is "${logLevel}": it must be one of ${LOG_LEVELS.join(', ')}`)
  const publicUrl = (env['PUBLIC_URL'] || undefined)?.replace(/\/+$/, '')
  if (publicUrl !== undefined && !(URL.canParse(publicUrl) && new URL(publicUrl).origin === publicUrl))
    throw new BadSetting(`PUBLIC_URL is "${publicUrl}": it must be an origin such as https://api.example.com`)
  return {
    host: env['HOST'] || '127.0.0.1',
    port: Number(port),
    pricingFile: env['PRICING_FILE'] || './pricing.json',
    redisUrl: env['REDIS_URL'] || undefined,
    storeDir: env['STORE_DIR'] || './.farebox',
    logLevel,
    publicUrl,
  }
}

/** @throws BadPricing, BadSetting when the file cannot be read */
export function readPricing(file: string, env: NodeJS.ProcessEnv): Pricing {
  return parsePricing(readText(file), secretSource(env))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new BadSetting(
      `PRICING_FILE ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    )
  }
}

export function secretSource(env: NodeJS.ProcessEnv): SecretSource {
  return {
    env: (name) => env[name],
    file(path) {
      try {
        return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
      } catch {
        return undefined
      }
    },
  }
}

/**
 * For commands that read what a gateway has written: an embedded store that is not there is a mistake, not an empty one.
 *
 * @throws StoreUnavailable
 */
export async function openExistingStore(settings: Pick<Settings, 'redisUrl' | 'storeDir'>, log: Log): Promise<Store> {
  if (!settings.redisUrl && !existsSync(settings.storeDir))
    throw new StoreUnavailable(`STORE_DIR ${settings.storeDir} is not there: name the gateway's own, or its REDIS_URL`)
  return openStore(settings, log)
}

/** @throws StoreUnavailable */
export async function openStore(
  { redisUrl, storeDir }: Pick<Settings, 'redisUrl' | 'storeDir'>,
  log: Log,
): Promise<Store> {
  return redisUrl ? openRedis(redisUrl, log) : openLmdb(storeDir)
}

/** JSON lines on stdout. Of an error only its name, message and stack are logged: other members may hold a payload. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: ({ name, message, stack }: Error) => ({ name, message, stack }) },
  })
}
