import AgonDiagnostics
import AgonRuns
import AgonSweeps
import AgonTensors
import Foundation

/// The report of a run or of a sweep, depending on the folder.
public enum Report {
    /// The page of a folder.
    ///
    /// - Parameters:
    ///   - reloadSeconds: after how many seconds a browser reloads the page; nil: never.
    ///   - inspect: the costs of a run's or trial's config; nil if not wanted or not available.
    ///
    /// Throws `ReportsError.noRun`, `SweepError`, `ConfigError`.
    public static func page(
        of path: String, reloadSeconds: Int? = nil, inspect: (RecordedRun) -> Inspection? = { _ in nil }
    ) throws -> String {
        let page = try still(path, inspect: inspect)
        guard let reloadSeconds else { return page }
        let reload = #"<meta http-equiv="refresh" content="\#(reloadSeconds)">"# + "\n"
        return page.replacing("<title>", with: reload + "<title>", maxReplacements: 1)
    }

    private static func still(_ path: String, inspect: (RecordedRun) -> Inspection?) throws -> String {
        let (run, sweep) = (RunFolder(path: path), SweepFolder(path: path))
        if run.holdsRun {
            let recorded = try RecordedRun(run)
            return RunPage(recorded, costs: inspect(recorded)).text
        }
        guard FileManager.default.fileExists(atPath: sweep.listPath) else { throw ReportsError.noRun(path: path) }
        return SweepPage(try RecordedSweep(sweep), inspect: inspect).text
    }

    /// Writes a page; overwrites only another page.
    ///
    /// Throws `ReportsError.notAPage`, `TensorsError.cannotWrite`.
    public static func write(_ page: String, to path: String) throws {
        let isPage = path.hasSuffix(".html") || path.hasSuffix(".htm")
        if !isPage, FileManager.default.fileExists(atPath: path) { throw ReportsError.notAPage(path: path) }
        try AtomicFile.write(path: path, text: page)
    }
}
