// Finds Java, and gets Apache Kafka with all it needs from Maven's repositories, once.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, withLock } from '../cache.mjs';
import { findOnPath, lastLines, runCommand } from '../run-command.mjs';
import { classArchive } from './class-archive.mjs';
import { currentVersion, oldestJava } from './versions.mjs';

/**
 * @param {string} wanted `current`, or an exact version
 * @param {(line: string) => void} log told before work that takes long
 * @returns {Promise<{ java: string, jars: string, archive?: string, version: string, source: string }>}
 * @throws an `Error` that says what is missing
 */
export async function findKafka(wanted, log) {
  const version = wanted === 'current' ? currentVersion : wanted;
  const { java, javaVersion } = await findJava();
  const folder = cacheFolder('kafka', version);
  if (!existsSync(folder)) await withLock(`${folder}.lock`, () => download(version, folder, log));
  const archive = await classArchive({ java, javaVersion, jars: folder }, log);
  return { java, jars: folder, ...(archive && { archive }), version, source: 'Maven artifacts' };
}

async function findJava() {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, 'bin/java') : findOnPath('java');
  const advice = `Kafka needs Java ${oldestJava} or newer (Debian: apt-get install openjdk-17-jre-headless)`;
  if (java === undefined) throw new Error(`Maven: there is no \`java\` on PATH; ${advice}`);
  const { code, output } = await runCommand(java, ['-version']);
  const major = Number(/version "(\d+)/.exec(output)?.[1]);
  if (code !== 0) throw new Error(`Maven: ${java} does not run: ${lastLines(output, 3)}`);
  if (!(major >= oldestJava)) throw new Error(`Maven: ${java} is Java ${major}; ${advice}`);
  return { java, javaVersion: output };
}

async function download(version, folder, log) {
  if (existsSync(folder)) return;
  const maven = findOnPath('mvn');
  if (maven === undefined)
    throw new Error('Maven: there is no `mvn` on PATH (Debian: apt-get install maven)');
  const begun = performance.now();
  log(`fetching Apache Kafka ${version} with Maven, once (about 100 MB; kept in ${folder}) ...`);
  const work = `${folder}.fetching`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'pom.xml'), projectFile(version));
  const jars = join(work, 'jars');
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
  const { code, output } = await runCommand(maven, ['--batch-mode', '--quiet', ...goal], { cwd: work });
  if (code !== 0) {
    rmSync(work, { recursive: true, force: true });
    throw new Error(`Maven could not fetch Apache Kafka ${version}: ${lastLines(output, 5)}`);
  }
  renameSync(jars, folder);
  rmSync(work, { recursive: true, force: true });
  log(`fetched Apache Kafka ${version} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** A project that needs nothing but the broker, and something that prints what it logs. */
function projectFile(version) {
  const dependency = (group, artifact, number) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ebus</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', version)}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
  </dependencies>
</project>
`;
}
