import AgonDiagnostics
import AgonRuns
import AgonSweeps
import AgonTensors
import Foundation

/// A report, of a run or of a sweep, by what the folder holds.
public enum Report {
    /// The page of a folder.
    ///
    /// - Parameter inspect: the costs of a config, of the run or of a sweep's trial; nil where they are not wanted or cannot be had.
    ///
    /// Throws `ReportsError.noRun`, `SweepError`, `ConfigError`.
    public static func page(of path: String, inspect: (RecordedRun) -> Inspection? = { _ in nil }) throws -> String {
        let (run, sweep) = (RunFolder(path: path), SweepFolder(path: path))
        if run.holdsRun {
            let recorded = try RecordedRun(run)
            return RunPage(recorded, costs: inspect(recorded)).text
        }
        guard FileManager.default.fileExists(atPath: sweep.listPath) else { throw ReportsError.noRun(path: path) }
        return SweepPage(try RecordedSweep(sweep), inspect: inspect).text
    }

    /// Writes a page; only another page is written over.
    ///
    /// Throws `ReportsError.notAPage`, `TensorsError.cannotWrite`.
    public static func write(_ page: String, to path: String) throws {
        let isPage = path.hasSuffix(".html") || path.hasSuffix(".htm")
        if !isPage, FileManager.default.fileExists(atPath: path) { throw ReportsError.notAPage(path: path) }
        try AtomicFile.write(path: path, text: page)
    }
}
