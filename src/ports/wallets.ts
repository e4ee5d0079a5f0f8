/**
 * Wallets of one kind of chain: who signed a text. CPU only, no network, no state.
 *
 * A contract's wallet signs nothing itself (ERC-1271) and so proves nothing here.
 */
export interface Wallets {
  /** An address as its chain writes it (EIP-55; base58 of 32 bytes); undefined for what is none. */
  address(text: string): string | undefined

  /**
   * Whether the owner of an address signed a text.
   *
   * @param address as `address` gave it
   * @param signature as wallets hand it out: 65 bytes of 0x-hex (EIP-191), or 64 bytes of base58 (Ed25519)
   */
  signed(address: string, text: string, signature: string): boolean
}

/** By CAIP-2 namespace: `eip155`, `solana`. */
export type WalletKinds = ReadonlyMap<string, Wallets>
