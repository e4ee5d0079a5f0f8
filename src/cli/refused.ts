/** What was asked for cannot be done; the message says why and what to do, in one line. */
export class Refused extends Error {
  override readonly name = 'Refused'
}
