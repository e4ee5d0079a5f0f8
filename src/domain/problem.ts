/** Whether this call moved the payer's money: `unknown` until the chain has been asked. */
export type Charged = 'no' | 'yes' | 'unknown'

/** What every refusal of one code has in common. */
export interface ProblemType {
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly charged: Charged
  readonly hint: string
}

export const problem = (
  status: number,
  title: string,
  retryable: boolean,
  charged: Charged,
  hint: string,
): ProblemType => ({
  status,
  title,
  retryable,
  charged,
  hint,
})
