export const CHART_TOOLS: readonly string[];
/** Path of a pinned tool of the chart, built first when it is not there. Throws ToolMissing. */
export function chartTool(name: string): Promise<string>;
