import AgonConfiguration
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct ClaimOverviewTests {
    @Test func resultsBeginWithTheVerdictsOfTheKeptValues() throws {
        let text = try String(contentsOfFile: projectFolder + "/RESULTS.md", encoding: .utf8)
        let verdicts = try ClaimOverview.markdown(root: projectFolder)
        #expect(verdicts.split(separator: "\n").count > 20)
        let head = "# Results\n\n<!-- claims -->\n\(verdicts)<!-- end of claims -->\n"
        #expect(text.hasPrefix(head), "run scripts/results-claims")
    }

    /// The verdicts come with Agon, wherever it is called.
    @Test func resultsAreFoundOutsideTheProject() throws {
        let elsewhere = try TemporaryFolder()
        let root = try #require(ClaimOverview.projectFolder(workingFolder: elsewhere.path))
        #expect(try ClaimOverview.markdown(root: root) == ClaimOverview.markdown(root: projectFolder))
        #expect(
            message { _ = try ClaimOverview.markdown(root: elsewhere.path) }.hasPrefix(
                "\(elsewhere.path)/Documentation/results: no results of tables are kept here"))
    }

    /// Each page regenerates from its values, byte for byte.
    @Test func keptTablesFollowFromTheirValues() throws {
        let results = "\(projectFolder)/\(ClaimOverview.folder)"
        let names = try FileManager.default.contentsOfDirectory(atPath: results).filter {
            FileManager.default.fileExists(atPath: "\(results)/\($0)/\(TableValues.fileName)")
        }
        #expect(Set(names).isSuperset(of: ["gas", "gaussians", "hacks", "hypervolume-cifar10", "selfgan"]))
        for name in names {
            let place = "\(results)/\(name)"
            let values = try TableValues(path: "\(place)/\(TableValues.fileName)")
            let work = try TableWork(
                table: "\(projectFolder)/Configs/tables/\(name).json", budget: values.budget)
            let hint = "agon table \(name) --budget \(values.budget) --values \(place)/values.json --out \(place)"
            let made = try work.results(of: values)
            #expect(try made.markdown == String(contentsOfFile: place + "/table.md", encoding: .utf8), "\(hint)")
            #expect(
                try CommaSeparatedTable.text(made.table)
                    == String(contentsOfFile: place + "/table.csv", encoding: .utf8),
                "\(hint)")
        }
    }
}
