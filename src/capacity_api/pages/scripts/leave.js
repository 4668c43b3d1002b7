// Leaving takes this page's place in the history, so that "back" does not return to it.

const isPlain = (event) => !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey;

document.querySelector(".leave a").addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  event.preventDefault();
  location.replace(event.currentTarget.href);
});

// Another place of the page would be an entry of its own, which "back" leads to after all.
addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const place = link && document.getElementById(link.hash.slice(1));
  if (!place || !isPlain(event)) return;
  event.preventDefault();
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  place.scrollIntoView();
});
