import AgonDiagnostics
import AgonExperiments
import AgonReports
import AgonRuns
import AgonText
import ArgumentParser

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a page about a run or a sweep: figures, curves, samples through time.",
        discussion: """
            One HTML file that needs no network and no script, for screen, phone and
            paper. A run that is still going on has a report too.

            EXAMPLES
              agon report Runs/selfgan-mlp
              agon report Sweeps/gas-quick --out gas.html
            """)

    @Argument(help: "The folder of a run or of a sweep.", completion: .directory)
    var folder: String
    @Option(name: .shortAndLong, help: "The page; report.html in the folder if not given.", completion: .file())
    var out: String?
    @Flag(inversion: .prefixedNo, help: "Plan memory and arithmetic of the configs anew for the page.")
    var costs = true
    @OptionGroup var data: DataOptions

    func run() throws {
        let page = try Report.page(of: folder) { run in
            guard costs else { return nil }
            do {
                let experiment = try Experiment.load(path: run.folder.configPath)
                return try Inspection(
                    experiment, searchPath: data.searchPath, threads: run.record?.threads ?? 1)
            } catch {
                Console.say("note: the page is without costs: \(error)")
                return nil
            }
        }
        let path = out ?? RunFolder(path: folder).path + "/report.html"
        try Report.write(page, to: path)
        print("\(path): \(SizeText.short(page.utf8.count))")
    }
}
