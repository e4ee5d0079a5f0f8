import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../../devnet/services.ts'

/** What our services say; null stands for a name that is passed on from the environment of whoever starts it. */
export interface Service {
  readonly profiles: readonly string[]
  readonly image?: string
  readonly build?: { readonly context: string; readonly target: string }
  readonly user?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | null>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly read_only?: boolean
  readonly init?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly stop_grace_period?: string
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export const compose: Compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true })

export const servicesOf = (profile: string): [string, Service][] =>
  Object.entries(compose.services).filter(([, { profiles }]) => profiles.includes(profile))

/** The gateway of a profile. */
export function gatewayOf(profile: string): Service {
  const [found, ...more] = servicesOf(profile).filter(([, { build }]) => build?.target === 'gateway')
  if (found === undefined || more.length > 0) throw new Error(`${profile} has not exactly one gateway`)
  return found[1]
}

/** A service by its name. */
export function serviceOf(name: string): Service {
  const service = compose.services[name]
  if (service === undefined) throw new Error(`there is no service ${name}`)
  return service
}
