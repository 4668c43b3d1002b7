// A table that is wider than the page scrolls by itself, so the keyboard has to reach it.
for (const table of document.querySelectorAll("article table")) {
  if (table.scrollWidth > table.closest("article").clientWidth) table.tabIndex = 0;
}
