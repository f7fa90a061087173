// One bundle for every page. Each module looks after one thing and finds its elements by data attributes.
// Order matters once: drafts put typed values back before pickers are drawn over the selects.
import "./requests.js";
import "./session.js";
import "./drafts.js";
import "./dialogs.js";
import "./guard.js";
import "./conflicts.js";
import "./keyboard.js";
import "./menus.js";
import "./print.js";
import "./table.js";
import "./lines.js";
import "./numbers.js";
import "./totals.js";
import "./picker.js";
import "./bulk.js";
import "./board.js";
import "./toasts.js";
import "./keys.js";
