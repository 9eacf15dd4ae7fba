export const CHART_TOOLS: readonly string[];
/** The path of a pinned tool for the chart; builds the tool when it is missing. Throws ToolMissing. */
export function chartTool(name: string): Promise<string>;
