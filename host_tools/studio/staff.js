// Notes as they were engraved: which of them a click met, or which place between them; the chosen one is marked.
export default {
  template: `<div class="staff" v-html="svg" @click="click"></div>`,
  props: { svg: String, from: Number, to: Number }, // the drawn notes that are marked: a tied note is drawn more than once
  emits: ["picked", "placed"],
  watch: {
    svg() { this.mark(); },
    from() { this.mark(); },
    to() { this.mark(); },
  },
  mounted() { this.mark(); },
  methods: {
    drawn() { return [...this.$el.querySelectorAll("g.note, g.rest, g.mRest")]; },
    mark() {
      this.$nextTick(() => this.drawn().forEach(
        (note, place) => note.classList.toggle("chosen", place >= this.from && place < this.to)));
    },
    click(event) {
      const drawn = this.drawn(), met = drawn.indexOf(event.target.closest("g.note, g.rest, g.mRest"));
      if (met >= 0) { this.$emit("picked", { drawn: met }); return; }
      const staves = [...this.$el.querySelectorAll("g.staff")].map((staff) =>
        [...staff.children].filter((child) => child.tagName === "path").map((child) => child.getBoundingClientRect())
      ).filter((lines) => lines.length === 5);
      if (!staves.length) return;
      const middle = (lines) => (lines[0].top + lines[4].top) / 2;
      const far = (lines) => Math.abs(middle(lines) - event.clientY);
      const lines = staves.reduce((a, b) => (far(b) < far(a) ? b : a));
      const space = (lines[4].top - lines[0].top) / 4;
      // What was drawn in the systems above, and left of the click in this one, comes before it.
      const before = drawn.filter((note) => {
        const box = note.getBoundingClientRect(), above = middle(lines) - (box.top + box.bottom) / 2;
        if (above > 7 * space) return true;
        return above > -7 * space && (box.left + box.right) / 2 < event.clientX;
      }).length;
      this.$emit("placed", { step: 2 + Math.round((lines[4].top - event.clientY) / (space / 2)), before });
    },
  },
};
