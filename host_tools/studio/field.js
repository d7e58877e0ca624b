// A line, a text, a list or a box to tick whose content is the reader's: what the server says later about what stood
// there before changes nothing, and no drawing of the page anew does. Vue never touches the value; it is set here alone.
export default {
  template: `
    <select v-if="kind === 'list'" ref="field" @change="left">
      <option v-for="option in options" :key="option.value" :value="option.value">{{ option.words }}</option>
    </select>
    <input v-else-if="kind === 'tick'" ref="field" type="checkbox" @change="left" />
    <textarea v-else-if="kind === 'text'" ref="field" @input="typed" @change="left"></textarea>
    <input v-else ref="field" type="text" autocomplete="off" @input="typed" @change="left" />`,
  props: { kind: String, content: [String, Boolean], heard: Number, options: Array },
  emits: ["typed", "left"],
  data() {
    return { sent: this.heard }; // how many changes were made here; the server says with its content which it knew of
  },
  watch: {
    content() { this.take(); },
    heard() { this.take(); },
  },
  mounted() { this.put(); },
  updated() { if (this.kind === "list" && this.heard >= this.sent) this.put(); }, // other options may have come
  computed: {
    where() { return this.kind === "tick" ? "checked" : "value"; }, // of a field, what its content is
    byKey() { return this.kind !== "list" && this.kind !== "tick"; }, // each key has counted before it is left
  },
  methods: {
    take() { if (this.heard >= this.sent) this.put(); },
    put() {
      const field = this.$refs.field;
      if (field[this.where] !== this.content) field[this.where] = this.content;
    },
    typed() {
      this.sent += 1;
      this.$emit("typed", { content: this.$refs.field.value, sent: this.sent });
    },
    left() {
      if (!this.byKey) this.sent += 1;
      this.$emit("left", { content: this.$refs.field[this.where], sent: this.sent });
    },
  },
};
