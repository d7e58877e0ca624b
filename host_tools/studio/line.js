// The page's line to its program. While there is none the page is shut, for keys, mouse and screen readers alike: what
// somebody did then would be lost. It says so, and gives back the place where somebody was.
(() => {
  const word = document.getElementById("line");
  let place = null;
  const page = () => document.querySelector(".studio");
  const shut = () => {
    if (!page() || page().inert) return;
    place = document.activeElement;
    page().inert = true;
    word.textContent = word.dataset.text;
  };
  const open = () => {
    if (!page()?.inert) return;
    page().inert = false;
    word.textContent = "";
    if (place?.isConnected) place.focus();
  };
  const listen = () => {
    if (!window.socket) { setTimeout(listen, 20); return; }
    window.socket.on("disconnect", shut);
    window.socket.on("connect", open);
  };
  listen();
})();
