// What kind of page this is, told from the page itself: the access methods that end their pages with a special space
// leave a mark there, so that tools like this one can tell them apart.
//
//   special space    last two bytes                kind
//   0 bytes          –                             heap (or a map, which its fork tells)
//   16 bytes         FF80                          hash
//   16 bytes         FF81                          gist
//   16 bytes         anything else                 btree (a cycle id, at most FF7F)
//   8 bytes          FF82                          spgist
//   8 bytes          F091, F092, F093              brin: meta, range map, regular
//   8 bytes          FF83                          bloom
//   8 bytes          starts with 0x00001717        sequence
//   8 bytes          anything else                 gin (its flags)

import { BRIN_PAGETYPE } from './brinPage.js'
import { BLCKSZ } from './controlFile.js'
import { GIST_PAGE_ID } from './gistPage.js'
import { HASHO_PAGE_ID } from './hashPage.js'
import { isNewPage, PAGE_HEADER_SIZE, pdLower, pdSpecial, pdUpper, type Page } from './page.js'
import { FORK } from './relationPath.js'
import { SEQ_MAGIC } from './sequencePage.js'
import { SPGIST_PAGE_ID } from './spgistPage.js'

export type PageKind =
  | 'new'
  | 'heap'
  | 'btree'
  | 'hash'
  | 'gin'
  | 'gist'
  | 'spgist'
  | 'brin'
  | 'sequence'
  | 'vm'
  | 'fsm'
  | 'bloom'
  | 'unknown'

/** Of contrib/bloom, whose pages the resource manager Generic redoes (bloom.h). */
const BLOOM_PAGE_ID = 0xff83

/** False for a page whose own header contradicts itself: nothing on it can be told from anything else. */
function sane(page: Page): boolean {
  const [lower, upper, special] = [pdLower(page), pdUpper(page), pdSpecial(page)]
  return PAGE_HEADER_SIZE <= lower && lower <= upper && upper <= special && special <= BLCKSZ
}

/** The kind of a page of fork number `fork`; `new` for one that was never initialised. */
export function pageKind(page: Page, fork: number): PageKind {
  if (isNewPage(page)) return 'new'
  if (!sane(page)) return 'unknown'
  if (fork === FORK.VM) return 'vm'
  if (fork === FORK.FSM) return 'fsm'
  const special = pdSpecial(page)
  const mark = page.view.getUint16(BLCKSZ - 2, true)
  if (special === BLCKSZ) return 'heap'
  if (special === BLCKSZ - 16)
    return mark === HASHO_PAGE_ID ? 'hash' : mark === GIST_PAGE_ID ? 'gist' : 'btree'
  if (special !== BLCKSZ - 8) return 'unknown'
  if (page.view.getUint32(special, true) === SEQ_MAGIC) return 'sequence'
  if (mark === SPGIST_PAGE_ID) return 'spgist'
  if (mark === BLOOM_PAGE_ID) return 'bloom'
  return BRIN_PAGETYPE.META <= mark && mark <= BRIN_PAGETYPE.REGULAR ? 'brin' : 'gin'
}
