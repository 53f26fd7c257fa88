import AgonConfiguration
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

@Suite struct ClaimOverviewTests {
    @Test func resultsBeginWithTheVerdictsOfTheKeptValues() throws {
        let text = try String(contentsOfFile: projectFolder + "/RESULTS.md", encoding: .utf8)
        #expect(try text.contains(ClaimOverview.markdown(root: projectFolder)), "run scripts/results-claims")
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
        for name in ProjectFiles.jsonNames(in: [projectFolder + "/Configs/tables"]) {
            let place = "\(projectFolder)/\(ClaimOverview.folder)/\(name)"
            guard FileManager.default.fileExists(atPath: place + "/values.json") else { continue }
            let values = try TableValues(path: place + "/values.json")
            let work = try TableWork(
                table: "\(projectFolder)/Configs/tables/\(name).json", budget: values.budget)
            let kept = try String(contentsOfFile: place + "/table.md", encoding: .utf8)
            let hint = "agon table \(name) --budget \(values.budget) --values \(place)/values.json --out \(place)"
            #expect(try work.results(of: values).markdown == kept, "\(hint)")
        }
    }
}
