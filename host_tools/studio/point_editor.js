// A line whose points are moved by mouse, touch or keyboard. ECharts draws it; each point is a button over the picture.
// How far a point may go, and why not further, comes with it; so it stops at once, and says which limit it met.
import { echarts } from "nicegui-echart";

const MARGIN = { left: 56, right: 18, top: 36, bottom: 48 };
const NARROW = 560, LEGEND_OVER = 40; // where name and legend do not fit beside each other, the legend is over it

export default {
  template: `
    <div class="point-editor">
      <div class="point-editor-field" ref="field" @dblclick="add">
        <div class="point-editor-chart" ref="chart" role="img" :aria-label="name"></div>
        <button v-for="(point, index) in shown" :key="index" type="button" role="slider"
          :class="['point', { picked: index === picked, stopped: index === stoppedAt }]" :style="place(point)"
          :aria-label="pointName + ' ' + (index + 1)" aria-orientation="vertical"
          :aria-valuemin="point.down.at" :aria-valuemax="point.up.at" :aria-valuenow="point.y"
          :aria-valuetext="inWords(point)"
          @pointerdown="grab(index, $event)" @pointermove="drag" @pointerup="drop" @pointercancel="drop"
          @keydown="key(index, $event)" @focus="pick(index)"></button>
      </div>
      <p class="point-editor-word" aria-live="polite">{{ word }}</p>
    </div>`,
  props: {
    points: Array, // {x, y, left, right, down, up: {at, why}}
    lines: Array, // {name, data: [[x, y]], style: "solid" | "dashed" | "dotted", tone}
    xRange: Array, yRange: Array, xName: String, yName: String, xStep: Number, yStep: Number,
    name: String, pointName: String, hint: String, decimal: String, heard: Number,
  },
  data() {
    return { shown: this.copy(), picked: 0, stoppedAt: -1, word: this.hint, held: null, size: 0, sent: this.heard };
  },
  watch: {
    points() {
      // What the server knew before our last move would take that back.
      if (this.held === null && this.heard >= this.sent) { this.shown = this.copy(); this.picked = Math.min(this.picked, this.shown.length - 1); }
      this.draw();
    },
    lines() { this.draw(); },
    yRange() { this.draw(); },
    hint() { this.word = this.hint; },
  },
  async mounted() {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.chart = echarts.init(this.$refs.chart, null, { renderer: "svg" });
    this.observer = new ResizeObserver(() => { this.chart.resize(); this.draw(); });
    this.observer.observe(this.$refs.chart);
    this.dark = new MutationObserver(() => this.draw());
    this.dark.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.draw();
  },
  beforeUnmount() {
    this.observer?.disconnect();
    this.dark?.disconnect();
    this.chart?.dispose();
  },
  methods: {
    copy() { return (this.points || []).map((point) => ({ ...point })); },
    colour(name) { return getComputedStyle(this.$el).getPropertyValue(name).trim() || "#888"; },
    say(value) { return String(Math.round(value * 100) / 100).replace(".", this.decimal || "."); },
    inWords(point) { return `${this.say(point.y)} ${this.yName}, ${this.say(point.x)} ${this.xName}`; },
    // Once for all that changes at a time: to draw costs more than all else here.
    draw() {
      if (this.drawing) return;
      this.drawing = true;
      this.$nextTick(() => { this.drawing = false; this.paint(); });
    },
    paint() {
      if (!this.chart || this.chart.isDisposed()) return;
      const quiet = this.colour("--quiet"), grid = this.colour("--line");
      const axis = { nameTextStyle: { color: quiet }, axisLabel: { color: quiet, hideOverlap: true, margin: 16 },
        axisLine: { lineStyle: { color: grid } }, splitLine: { lineStyle: { color: grid } } };
      const own = { name: this.name, type: "line", data: this.line(), symbol: "none", silent: true, z: 5,
        lineStyle: { width: 3, color: this.colour("--accent") }, color: this.colour("--accent") };
      const others = (this.lines || []).map((line) => ({ name: line.name, type: "line", data: line.data, symbol: "none",
        silent: true, color: this.colour(line.tone),
        lineStyle: { width: 2, type: line.style, color: this.colour(line.tone) } }));
      this.chart.setOption({
        animation: false,
        grid: { ...MARGIN, top: this.top() },
        legend: others.length ? { top: 0, right: MARGIN.right, itemHeight: 2, textStyle: { color: quiet } } : undefined,
        xAxis: { type: "value", min: this.xRange[0], max: this.xRange[1], name: this.xName, nameLocation: "middle",
          nameGap: 32, ...axis },
        yAxis: { type: "value", min: this.yRange[0], max: this.yRange[1], name: this.yName, ...axis,
          interval: this.interval(this.yRange),
          nameTextStyle: { color: quiet, align: "left", padding: [0, 0, 4, -MARGIN.left + 8] } },
        series: [own, ...others],
      }, { notMerge: true });
      this.size += 1;
    },
    // Whole steps between the lines of the grid, at most eight of them.
    interval([low, high]) {
      return [0.5, 1, 2, 5, 10, 20, 25, 50, 100].find((step) => (high - low) / step <= 8);
    },
    line() {
      const points = this.shown.map((point) => [point.x, point.y]);
      const last = points[points.length - 1];
      return last && last[0] < this.xRange[1] ? [...points, [this.xRange[1], last[1]]] : points;
    },
    area() {
      const box = this.$refs.chart.getBoundingClientRect();
      const top = this.top();
      return { left: MARGIN.left, top, width: box.width - MARGIN.left - MARGIN.right,
        height: box.height - top - MARGIN.bottom, box };
    },
    top() {
      const crowded = this.lines?.length && this.$refs.chart.clientWidth < NARROW;
      return MARGIN.top + (crowded ? LEGEND_OVER : 0);
    },
    place(point) {
      if (!this.size || !this.$refs.chart) return { visibility: "hidden" };
      const area = this.area();
      const [x0, x1] = this.xRange, [y0, y1] = this.yRange;
      return { left: `${area.left + ((point.x - x0) / (x1 - x0)) * area.width}px`,
        top: `${area.top + ((y1 - point.y) / (y1 - y0)) * area.height}px` };
    },
    under(event) {
      const area = this.area();
      const [x0, x1] = this.xRange, [y0, y1] = this.yRange;
      return { x: x0 + ((event.clientX - area.box.left - area.left) / area.width) * (x1 - x0),
        y: y1 - ((event.clientY - area.box.top - area.top) / area.height) * (y1 - y0) };
    },
    pick(index) {
      if (this.picked !== index) { this.picked = index; this.$emit("picked", { index }); }
    },
    // Move a point there, or as near as it may go; says which limit it met.
    move(index, x, y) {
      const point = this.shown[index];
      const round = (value, step) => Math.round(Math.round(value / step) * step * 1000) / 1000;
      const wantedX = round(x, this.xStep), wantedY = round(y, this.yStep);
      const newX = Math.min(Math.max(wantedX, point.left.at), point.right.at);
      const newY = Math.min(Math.max(wantedY, point.down.at), point.up.at);
      let why = null;
      if (wantedY < point.down.at - 1e-9) why = point.down.why;
      else if (wantedY > point.up.at + 1e-9) why = point.up.why;
      else if (point.left.at < point.right.at && wantedX < point.left.at - 1e-9) why = point.left.why;
      else if (point.left.at < point.right.at && wantedX > point.right.at + 1e-9) why = point.right.why;
      this.stoppedAt = why ? index : -1;
      point.x = newX;
      point.y = newY;
      this.word = why || this.inWords(point);
      this.draw();
    },
    grab(index, event) {
      if (event.button) return;
      event.target.setPointerCapture(event.pointerId);
      this.pick(index);
      this.held = { index, x: this.shown[index].x, y: this.shown[index].y };
    },
    drag(event) {
      if (this.held === null) return;
      const { x, y } = this.under(event);
      this.move(this.held.index, x, y);
    },
    drop() {
      if (this.held === null) return;
      const { index, x, y } = this.held, point = this.shown[index];
      this.held = null;
      if (point.x !== x || point.y !== y) this.tell(index);
    },
    tell(index) {
      const { x, y } = this.shown[index];
      this.sent += 1;
      this.$emit("moved", { index, x, y, sent: this.sent });
    },
    key(index, event) {
      const point = this.shown[index], far = event.shiftKey ? 5 : 1;
      const steps = { ArrowUp: [0, far], ArrowDown: [0, -far], PageUp: [0, 5], PageDown: [0, -5],
        ArrowRight: [far, 0], ArrowLeft: [-far, 0], Home: [0, -1e6], End: [0, 1e6] }[event.key];
      if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.$emit("removed", { index });
        return;
      }
      if (!steps) return;
      event.preventDefault();
      const { x, y } = point;
      this.move(index, x + steps[0] * this.xStep, y + steps[1] * this.yStep);
      if (point.x !== x || point.y !== y) this.tell(index);
    },
    add(event) {
      if (event.target.classList.contains("point")) return;
      this.$emit("added", { x: this.under(event).x });
    },
  },
};
