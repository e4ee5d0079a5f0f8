/** Loaded before the gateway: its clock is off by CLOCK_SKEW_MS, as a machine's can be. */
const skew = Number(process.env.CLOCK_SKEW_MS ?? 0)
const RealDate = globalThis.Date

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + skew)
    else super(...args)
  }

  static now() {
    return RealDate.now() + skew
  }
}
