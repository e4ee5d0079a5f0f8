import { parseArgs } from 'node:util'
import { type App, createApp } from '../app.ts'
import { type CheckedPart, inspectParts } from '../operate/check.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { buildCatalogue } from '../pricing/catalogue.ts'
import { BadPricing } from '../pricing/load.ts'
import type { Pricing } from '../pricing/schema.ts'
import { BadSetting, createLog, openStore, readPricing, readSettings, type Settings } from '../settings.ts'
import type { Command } from './command.ts'
import { table, wantsJson } from './output.ts'

const HELP = `usage: farebox check [--online] [--json]

Reads pricing.json and the environment as the gateway does, and says what is wrong with them.
  --online   also ask the store, the chains, the facilitators and the upstreams
  --json     print JSON (as does output into a pipe)

Exit code: 0 all is well, 1 something is not, 2 the command was misused.
`

export const check: Command = {
  summary: 'find what is wrong with pricing.json, the environment and (--online) the parts',
  async run(args) {
    let online: boolean
    try {
      const { values } = parseArgs({
        args: [...args],
        options: { online: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
      })
      if (values.help) return print(HELP, 0)
      online = values.online ?? false
    } catch (error) {
      process.stderr.write(`farebox check: ${(error as Error).message}\n\n${HELP}`)
      return 2
    }
    const findings = await collect(online)
    const ok = findings.every((finding) => finding.ok)
    const text = wantsJson(args)
      ? `${JSON.stringify({ ok, findings }, null, 2)}\n`
      : table(
          findings.map(({ ok, part, what, fix }) => [ok ? 'ok' : 'WRONG', part, ok || !fix ? what : `${what}: ${fix}`]),
        )
    return print(text, ok ? 0 : 1)
  },
}

function print(text: string, code: number): number {
  process.stdout.write(text)
  return code
}

async function collect(online: boolean): Promise<CheckedPart[]> {
  const offline = checkFiles()
  if (!offline.pricing || !offline.settings || !online) return offline.findings
  return [...offline.findings, ...(await checkOnline(offline.pricing, offline.settings))]
}

function checkFiles(): { findings: CheckedPart[]; pricing?: Pricing; settings?: Settings } {
  try {
    const settings = readSettings(process.env)
    const pricing = readPricing(settings.pricingFile, process.env)
    const { version, routes } = buildCatalogue(pricing)
    const findings = [
      { part: 'environment', ok: true, what: `listens on ${settings.host}:${settings.port}` },
      {
        part: 'pricing.json',
        ok: true,
        what: `version ${version}, ${routes.size} paths on ${Object.keys(pricing.networks).length} networks`,
      },
    ]
    return { findings, pricing, settings }
  } catch (error) {
    if (error instanceof BadSetting) return { findings: [{ part: 'environment', ok: false, what: error.message }] }
    if (error instanceof BadPricing)
      return {
        findings: error.faults.map(({ pointer, reason }) => ({
          part: 'pricing.json',
          ok: false,
          what: `${pointer || '/'}: ${reason}`,
        })),
      }
    throw error
  }
}

async function checkOnline(pricing: Pricing, settings: Settings): Promise<CheckedPart[]> {
  const log = createLog('silent')
  let app: App
  try {
    app = await createApp({ pricing, openStore: () => openStore(settings, log), log })
  } catch (error) {
    if (error instanceof StoreUnavailable)
      return [
        { part: 'store', ok: false, what: error.message, fix: 'start the store, or correct REDIS_URL or STORE_DIR' },
      ]
    return [
      { part: 'pricing.json', ok: false, what: (error as Error).message, fix: 'correct the key or address it names' },
    ]
  }
  try {
    return await inspectParts(app.parts)
  } finally {
    await app.close()
  }
}
