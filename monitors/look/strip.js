// The line under the title: ages are counted here, so that an unchanged loop costs no message.
const plain = (seconds) =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : seconds < 90 ? `${Math.round(seconds)} s`
    : seconds < 5400 ? `${Math.round(seconds / 60)} min` : seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h`
      : `${Math.round(seconds / 86400)} days`;
let skew = 0; // the lab's clock minus this device's
const age = () => {
  for (const one of element.querySelectorAll("time[data-at]"))
    one.textContent = `${plain(Math.max(0, Date.now() + skew - Number(one.dataset.at)) / 1000)} ago`;
};
const take = () => {
  const strip = element.querySelector("[data-now]");
  if (strip) skew = Number(strip.dataset.now) - Date.now();
  age();
};
take();
watch("value", take);
const beat = setInterval(() => (element.isConnected ? age() : clearInterval(beat)), 1000);
