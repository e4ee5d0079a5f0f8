const SLOTS = 16_384

/** The hash slot of a tag: CRC16 (XMODEM) modulo 16384 (Redis Cluster specification, key distribution model). */
export function slotOf(tag: string): number {
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  }
  return (crc & 0xffff) % SLOTS
}
