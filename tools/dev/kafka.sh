# ./dev kafka: the real program between two topics of a real broker. Sourced.

readonly KAFKA_VERSION=3.7.0

# Apache Kafka as Maven has it: the jars alone, without its scripts.
kafka_pom() {
  cat <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidemark</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>$KAFKA_VERSION</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
POM
}

# fetch_kafka DIR: makes sure that the jars are there; a fetch that is cut off leaves nothing.
fetch_kafka() {
  local jars=$1 part=$SCRATCH/kafka log=$SCRATCH/maven.log
  if [[ -d $jars ]]; then return; fi
  say "dev: fetching Apache Kafka $KAFKA_VERSION into $jars"
  mkdir -p "$part" "${jars%/*}"
  kafka_pom >"$part/pom.xml"
  if ! mvn -q -B -f "$part/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    "-DoutputDirectory=$part/jars" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    die 'mvn failed (above)'
  fi
  # Another file system, perhaps: the last step is a rename in the same folder.
  cp -r "$part/jars" "$jars.$$"
  mv -T "$jars.$$" "$jars"
}

# Kafka 3.7 runs on 17, which a newer one on the PATH may hide.
kafka_java() {
  local java
  for java in /usr/lib/jvm/java-17-openjdk-*/bin/java; do
    if [[ -x $java ]]; then
      printf '%s\n' "$java"
      return
    fi
  done
  command -v java
}

kafka() {
  local bin java jars=$HOME/.cache/tidemark-kafka/$KAFKA_VERSION
  fetch_kafka "$jars"
  java=$(kafka_java)
  build_quietly //tools:tidemark
  bin=$(bin_directory)
  run_target //tests/kafka:kafka "$bin/tools/tidemark" "$java" "$jars" "$@"
}
