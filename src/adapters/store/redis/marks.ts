import { createHash, randomUUID } from 'node:crypto'
import { markerOf, PAYMENT_TAGS, type Tag } from './keys.ts'
import { type Link, Redirected } from './link.ts'

/**
 * Notices that the store may have forgotten something.
 *
 * Each slot of payers carries a marker. Where it is missing the slot was emptied; where the primary tells another history
 * of writes than before (a replica took over, or it started anew), the last of what was acknowledged may be missing.
 */
export interface Marks {
  /** See Store.epoch. */
  epoch(): string
  /** The marker that a claim must find in the slot; known to belong to the link's history. */
  expect(tag: Tag, link: Link): Promise<string>
  /** Looks at the slots of one primary, each in its turn, and at all of them where anything has changed. */
  inspect(tags: readonly Tag[], link: Link): Promise<void>
  /** Reads every marker anew, and sets those that are missing. */
  refresh(tags: readonly Tag[], link: Link): Promise<void>
}

export function openMarks(): Marks {
  const known = new Map<Tag, { readonly marker: string; readonly history: string }>()
  let epoch: string | undefined
  let turn = 0

  const refresh = async (tags: readonly Tag[], link: Link): Promise<void> => {
    const history = link.history()
    const fresh = randomUUID()
    const read = async (tag: Tag) => ({ tag, marker: String(await link.run('mark', [markerOf(tag)], [fresh])) })
    const found = await Promise.all(tags.map((tag) => elsewhere(read(tag))))
    for (const mark of found) if (mark) known.set(mark.tag, { marker: mark.marker, history })
    epoch = undefined
  }
  const isKnown = (tag: Tag, link: Link) => known.get(tag)?.history === link.history()

  return {
    epoch() {
      epoch ??= createHash('sha256')
        .update(JSON.stringify(PAYMENT_TAGS.map((tag) => known.get(tag) ?? null)))
        .digest('base64url')
      return epoch
    },
    async expect(tag, link) {
      if (!isKnown(tag, link)) await refresh([tag], link)
      // Without one, the slot is just being moved: the claim finds none either, or is sent to where it is.
      return known.get(tag)?.marker ?? ''
    },
    async inspect(tags, link) {
      if (tags.length === 0) return
      if (!tags.every((tag) => isKnown(tag, link))) return refresh(tags, link)
      const tag = tags[turn++ % tags.length] as Tag
      const marker = await elsewhere(link.send('GET', markerOf(tag)))
      if (marker !== undefined && String(marker) !== known.get(tag)?.marker) await refresh(tags, link)
    },
    refresh,
  }
}

/** A slot that is being moved is looked at by the claims that come for it: they follow it to where it is. */
async function elsewhere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof Redirected) return undefined
    throw error
  }
}
