// Takes this page's place in the history, so that "back" does not return to it.
document.querySelector(".leave a").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.replace(event.currentTarget.href);
});
