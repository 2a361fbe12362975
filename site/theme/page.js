// What a page gains when scripts run: a theme switch, copy buttons, and no needless stops for the Tab key.
{
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  const button = document.querySelector('button.theme')
  const current = () => root.dataset.theme ?? (system.matches ? 'dark' : 'light')
  const other = () => (current() === 'dark' ? 'light' : 'dark')

  function nameButton() {
    button.textContent = other() === 'dark' ? 'Dark' : 'Light'
    button.setAttribute('aria-label', `Switch to ${other()} colours`)
  }
  button.hidden = false
  nameButton()
  system.addEventListener('change', nameButton)
  button.addEventListener('click', () => {
    root.dataset.theme = other()
    nameButton()
    try {
      localStorage.setItem('theme', root.dataset.theme)
    } catch {
      // The choice then lasts as long as the page.
    }
  })
}
{
  const status = document.createElement('p')
  status.className = 'unseen'
  status.setAttribute('role', 'status')
  document.querySelector('footer').append(status)

  for (const box of document.querySelectorAll('.scroll.code')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = 'Copy'
    const cell = box.closest('.cell')
    button.setAttribute(
      'aria-label',
      cell ? `Copy the code of ${cell.id.replace('-', ' ')}` : 'Copy this code',
    )
    button.addEventListener('click', async () => {
      let said = 'Copied'
      try {
        await navigator.clipboard.writeText(box.querySelector('code').textContent)
      } catch {
        said = 'Not allowed'
      }
      button.textContent = said
      status.textContent = said
      setTimeout(() => (button.textContent = 'Copy'), 2000)
    })
    const frame = document.createElement('div')
    frame.className = 'copyable'
    box.replaceWith(frame)
    frame.append(button, box)
  }
}
{
  // A box that fits needs no focus; one that stops fitting gets it back.
  const boxes = [...document.querySelectorAll('.scroll[tabindex]')]
  const settle = (box) => {
    const overflows = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight
    if (overflows) {
      box.tabIndex = 0
      box.setAttribute('role', 'group')
      box.setAttribute('aria-label', box.dataset.name)
    } else {
      box.removeAttribute('tabindex')
      box.removeAttribute('role')
      box.removeAttribute('aria-label')
    }
  }
  const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => settle(target)))
  for (const box of boxes) {
    box.dataset.name = box.getAttribute('aria-label')
    watcher.observe(box)
  }
}
