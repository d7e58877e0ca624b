// One setting of the form: its name and meaning, its value on the device, in the draft (the field is in the slot) and
// ready-made. One part of the page and not a dozen: the page is drawn anew as a whole with each answer.
export default {
  template: `
    <tr :class="['setting', { differs }]">
      <th scope="row">
        <span class="setting-name">{{ label }}</span>
        <span class="setting-meaning" :id="'about-' + name">{{ meaning }}</span>
      </th>
      <td class="value" :data-label="headings[1]">{{ device }}</td>
      <td class="draft" :data-label="headings[2]">
        <div class="setting-field">
          <slot></slot>
          <span v-if="unit" class="unit">{{ unit }}</span>
          <span class="mark">{{ mark }}</span>
        </div>
        <span :class="['limits', { problem }]" :id="'limits-' + name" aria-live="polite">{{ limits }}</span>
      </td>
      <td class="value" :data-label="headings[3]">{{ ready }}</td>
    </tr>`,
  props: {
    name: String, label: String, meaning: String, unit: String, headings: Array,
    device: String, ready: String, limits: String, mark: String, differs: Boolean, problem: Boolean,
  },
};
