/** One instruction, continued lines joined: `RUN npm ci`. */
export interface Instruction {
  readonly name: string
  readonly args: string
}

/** What stands between one FROM and the next. */
export interface Stage {
  readonly name: string
  /** The image or the stage it begins with. */
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** Reads as much of a Dockerfile as ours uses: comments, continued lines, named stages. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = []
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '')
  for (const line of lines.split('\n').filter((line) => line.trim() !== '')) {
    const [, name = '', args = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
    if (name === '') throw new Error(`no instruction: ${line}`)
    const [, from, stage] = (name === 'FROM' && /^(\S+) AS (\S+)$/.exec(args)) || []
    if (from && stage) stages.push({ name: stage, from, instructions: [] })
    else if (name === 'FROM') throw new Error(`a stage without a name: ${line}`)
    else stages.at(-1)?.instructions.push({ name, args })
  }
  return stages
}

/** The arguments of every instruction of one kind in a stage. */
export function argsOf({ instructions }: Stage, name: string): string[] {
  return instructions.filter((each) => each.name === name).map(({ args }) => args)
}

/** A stage and those it stands on, the first one first. */
export function chainOf(stages: readonly Stage[], name: string): Stage[] {
  const stage = stages.find((each) => each.name === name)
  return stage ? [...chainOf(stages, stage.from), stage] : []
}

/** The sources of a COPY out of the build context; none when it copies out of another stage. */
export function copiedFiles(args: string): string[] {
  return args.startsWith('--from=') ? [] : args.split(/ +/).slice(0, -1)
}

/** Says of a path whether a .dockerignore keeps it out. The last pattern that fits it, or a folder it is in, decides. */
export function ignores(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ fits: pattern(line.replace(/^!/, '')), out: !line.startsWith('!') }))
  return (path) => {
    const upwards = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
    return rules.findLast(({ fits }) => upwards.some((each) => fits.test(each)))?.out ?? false
  }
}

function pattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
  return new RegExp(`^${source}$`)
}
