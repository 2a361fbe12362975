// Styles that a page's own outputs bring along, gathered into one <style> whose hash the page's CSP allows.
//
// The CSP allows no style="…" attribute. Where an output has one, the same declarations become a class.

import { createHash } from 'node:crypto'

export class PageStyle {
  private readonly rules = new Map<string, string>()

  /** The class that stands for these declarations. */
  classFor(declarations: string): string {
    const name = `x${createHash('sha256').update(declarations).digest('hex').slice(0, 8)}`
    this.rules.set(name, `.${name}{${declarations.replace(/[{}<]/g, '')}}`)
    return name
  }

  /** The stylesheet of everything asked for so far; '' when nothing was. */
  css(): string {
    return [...this.rules.values()].join('')
  }
}
