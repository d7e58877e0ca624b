// The place of what comes a moment later than the page. Whoever has gone on to what is below stays where they are when it
// comes, and when it is higher than the room that was held for it. Not left to the browser's own scroll anchoring, which
// takes the edge of this place for what is looked at where a little of it is still seen, and which not every browser has.
export default {
  template: `<div ref="place" class="held-place"><slot></slot></div>`,
  mounted() {
    this.height = this.$refs.place.offsetHeight;
    this.held = false;
    this.watch = new ResizeObserver(() => this.look()); // fonts and pictures come when they will
    this.watch.observe(this.$refs.place);
  },
  updated() { this.look(); }, // at once: whoever scrolls in between has seen how high it is
  unmounted() { this.watch.disconnect(); },
  methods: {
    look() {
      const place = this.$refs.place, held = place.querySelector(".held") !== null;
      const end = place.getBoundingClientRect().top + this.height, grown = place.offsetHeight - this.height;
      this.height += grown;
      const below = window.scrollY > 0 && end < window.innerHeight / 3; // what the reader has gone on to
      if ((held || this.held) && below) window.scrollBy({ top: grown, behavior: "instant" });
      this.held = held;
    },
  },
};
