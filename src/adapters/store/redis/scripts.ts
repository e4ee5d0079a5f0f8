import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  answerKnown,
  CLOSED_STATES,
  COPY_MEMORY_SECONDS,
  IDENTIFIER_MEMORY_SECONDS,
  MAX_DELIVERY_TRIES,
  NEXT_STATES,
  OWED_STATES,
  type PaymentRecord,
  type PaymentState,
  RESTING_STATES,
  UNSETTLED_STATES,
} from '../../../domain/record.ts'
import { MAX_IN_FLIGHT } from '../../../ports/lanes.ts'

/** A step of the store as the server runs it. */
export interface Script {
  readonly lua: string
  /** What EVALSHA calls it. */
  readonly sha: string
}

const STATES = Object.keys(NEXT_STATES) as PaymentState[]
const ASK_AGAIN_SECONDS = 2

/** The rules of domain/record.ts as Lua tables: they are stated once. */
function constants(): string {
  const terms = {} as PaymentRecord['terms']
  const answers = STATES.map((state) => `${state}='${answerKnown({ state, terms } as PaymentRecord, terms)}'`)
  return Object.entries({
    NEXT_STATES: `{${STATES.map((state) => `${state}=${set(NEXT_STATES[state])}`)}}`,
    RESTING_STATES: set(RESTING_STATES),
    CLOSED_STATES: set(CLOSED_STATES),
    UNSETTLED_STATES: set(UNSETTLED_STATES),
    OWED_STATES: set(OWED_STATES),
    ANSWERS: `{${answers}}`,
    MAX_DELIVERY_TRIES,
    COPY_MEMORY_SECONDS,
    IDENTIFIER_MEMORY_SECONDS,
    ASK_AGAIN_SECONDS,
  })
    .map(([name, value]) => `local ${name} = ${value}\n`)
    .join('')
}

const set = (states: readonly PaymentState[]) => `{${states.map((state) => `${state}=true`)}}`

const file = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

const prelude = constants() + file('prelude')
const step = (name: string) => script(prelude + file(name))

/** Every script; those on payments share the prelude. */
export const SCRIPTS = {
  claim: step('claim'),
  move: step('move'),
  renew: step('renew'),
  release: step('release'),
  takeOver: step('take-over'),
  grant: step('grant'),
  due: step('due'),
  credits: step('credits'),
  mark: script(file('mark')),
  lane: script(`local MAX_IN_FLIGHT = ${MAX_IN_FLIGHT}\n${file('lane')}`),
} as const

export type ScriptName = keyof typeof SCRIPTS
