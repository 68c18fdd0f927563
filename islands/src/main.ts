import "../styles/main.css";
import "htmx.org";
import "./clock";
import "./confirm";
import "./filter";
import "./page";
import "./progress";
import "./theme";
