import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

interface Process {
  pid: number
  parent: number
  /** `Z`: ended, but not collected yet by its parent. */
  state: string
  command: string
}

/** Whether a process still runs. */
export const isAlive = (pid: number): boolean => processes().some((each) => each.pid === pid && each.state[0] !== 'Z')

/** The programs that a process started, but for the compiler that tsx may keep beside itself. */
export const childrenOf = (parent: number): number[] =>
  processes()
    .filter((each) => each.parent === parent && !each.command.includes('esbuild'))
    .map(({ pid }) => pid)

function processes(): Process[] {
  if (existsSync('/proc/self'))
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProc(name) : []))
  const rows = execFileSync('ps', ['-axo', 'pid=,ppid=,state=,command='], { encoding: 'utf8' }).trim().split('\n')
  return rows.map((row) => {
    const [pid, parent, state = '', ...command] = row.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), state, command: command.join(' ') }
  })
}

function readProc(name: string): Process[] {
  try {
    const [, state = '', parent] = /\) (\w) (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return [{ pid: Number(name), parent: Number(parent), state, command }]
  } catch {
    // It ended while the list was read.
    return []
  }
}
