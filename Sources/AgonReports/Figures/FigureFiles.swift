import AgonDatasets
import AgonTensors
import Foundation

/// Writes figures as SVG, and as PNG where rsvg-convert, the converter of librsvg, is installed.
enum FigureFiles {
    private static let converter = "rsvg-convert"
    static let remedy = "install it (apt-get install librsvg2-bin)"

    /// Whether figures are also written as PNG.
    static var hasConverter: Bool { ExternalTool.path(of: converter) != nil }

    /// Writes `path.svg` and, if the converter is installed, `path.png` at 1.5 times its size.
    ///
    /// Throws `ReportsError.toolFailed` with the converter's message, `TensorsError.cannotWrite`.
    static func write(_ svg: String, to path: String) throws {
        try AtomicFile.write(path: path + ".svg", text: svg)
        guard hasConverter else { return }
        let tool = try ExternalTool(converter, remedy: remedy)
        // Written under another name first, so that the file appears whole or not at all.
        let partial = path + ".partial.png"
        defer { unlink(partial) }
        let (status, complaint) = try tool.run(
            ["--zoom", "1.5", "--unlimited", "--output", partial, path + ".svg"])
        guard status == 0, rename(partial, path + ".png") == 0 else {
            throw ReportsError.toolFailed(converter, reason: complaint)
        }
    }
}
