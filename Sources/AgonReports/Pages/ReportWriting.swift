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
    ///   - file: where the page will be, from which its links lead to trials; nil: in the folder.
    ///   - reloadSeconds: after how many seconds a browser reloads the page; nil: never.
    ///   - inspect: the costs of a run's or trial's config; nil if not wanted or not available.
    ///
    /// Throws `ReportsError.noRun`, `SweepError`, `ConfigError`.
    public static func page(
        of path: String, file: String? = nil, reloadSeconds: Int? = nil,
        inspect: (RecordedRun) -> Inspection? = { _ in nil }
    ) throws -> String {
        let (run, sweep) = (RunFolder(path: path), SweepFolder(path: path))
        if run.holdsRun {
            let recorded = try RecordedRun(run)
            var page = RunPage(recorded, costs: inspect(recorded))
            page.reloadSeconds = reloadSeconds
            return page.text
        }
        guard FileManager.default.fileExists(atPath: sweep.listPath) else { throw ReportsError.noRun(path: path) }
        var page = SweepPage(try RecordedSweep(sweep), inspect: inspect)
        page.file = file
        page.reloadSeconds = reloadSeconds
        return page.text
    }

    /// Writes a page, to a file whose name says so, since it is overwritten.
    ///
    /// Throws `ReportsError.notAPage`, `TensorsError.cannotWrite`.
    public static func write(_ page: String, to path: String) throws {
        guard ["html", "htm"].contains((path as NSString).pathExtension.lowercased()) else {
            throw ReportsError.notAPage(path: path)
        }
        try AtomicFile.write(path: path, text: page)
    }
}
