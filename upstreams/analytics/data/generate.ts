/** Writes the synthetic set beside this file: `node --import tsx upstreams/analytics/data/generate.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { generate, toCsv } from './model.ts'

for (const folder of ['daily', 'hourly']) mkdirSync(new URL(`${folder}/`, import.meta.url), { recursive: true })
for (const { symbol, daily, hourly } of generate()) {
  writeFileSync(new URL(`daily/${symbol}.csv`, import.meta.url), toCsv(daily))
  writeFileSync(new URL(`hourly/${symbol}.csv`, import.meta.url), toCsv(hourly))
}
